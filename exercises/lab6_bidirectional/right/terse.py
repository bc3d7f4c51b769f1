import re,torch;from torch import nn;from collections import Counter;from torch.nn.utils.rnn import*
clean_text=lambda s:' '.join(re.sub(r'([.!?])',r' \1 ',re.sub(r'[^a-z\d\s.!?]','',s.lower(),flags=re.A)).split())
def build_vocabulary(T,m):
    if m<4:raise ValueError('max_size < 4')
    return{w:i for i,w in enumerate('<PAD> <UNK> <START> <END>'.split()+[w for w,_ in Counter(' '.join(T).split()).most_common(m-4)])}
encode=lambda s,v,m=None:[2]+[v.get(w,1)for w in s.split()][:m and m-2]+[3]
def pad_batch(S,p=0):
    if not S or min(map(len,S))<1:raise ValueError('sequences: empty')
    n=[*map(len,S)];return torch.tensor([[*s]+[p]*(max(n)-len(s))for s in S]),torch.tensor(n)
real=lambda x,n:torch.arange(x.shape[1],device=x.device)<n[:,None]
def reverse_within_length(x,n):
    t=torch.arange(x.shape[1],device=x.device).expand(x.shape[:2]);m=n[:,None]-1-t
    return x[torch.arange(len(x),device=x.device)[:,None],m.where(m>=0,t)]
def run(x,W_xh,W_hh,b_h):
    h=[torch.tanh(x[:,0]@W_xh+b_h)]
    for t in range(1,x.shape[1]):h+=[torch.tanh(x[:,t]@W_xh+h[-1]@W_hh+b_h)]
    return torch.stack(h,1)
def birnn_forward(x,n,f,b):
    r=reverse_within_length;F,B=run(x,**f),run(r(x,n),**b);i=torch.arange(len(x),device=x.device),n-1
    return torch.cat([F,r(B,n)],2)*real(x,n)[...,None],torch.cat([F[i],B[i]],1)
masked_mean=lambda o,n:(o*real(o,n)[...,None]).sum(1)/n[:,None]
def attention_pool(o,s,n):
    w=s.where(real(s,n),torch.tensor(-torch.inf,dtype=s.dtype,device=s.device)).softmax(1);return(w[:,None]@o)[:,0],w
class BiClassifier(nn.Module):
    def __init__(S,V,E,H,C,cell='lstm',pooling='final',padding_idx=0):
        super().__init__()
        if cell not in'rnn gru lstm'.split():raise ValueError('cell?')
        if pooling not in'final mean attention'.split():raise ValueError('pooling?')
        S.embedding=nn.Embedding(V,E,padding_idx);S.rnn=eval('nn.'+cell.upper())(E,H,batch_first=True,bidirectional=True);S.fc=nn.Linear(2*H,C);S.p=pooling
        if pooling>'':
            if pooling[0]=='a':S.attention=nn.Linear(2*H,1,bias=False)
    def forward(S,x,n):
        o,h=S.rnn(pack_padded_sequence(S.embedding(x),n.cpu(),True,False));o=pad_packed_sequence(o,True,0.,x.shape[1])[0];h=h[0]if type(h)==tuple else h
        return S.fc(torch.cat([*h],1)if S.p=='final'else masked_mean(o,n)if S.p=='mean'else attention_pool(o,S.attention(o)[...,0],n)[0])
def train_sentiment(m,D,E,lr,c=5.):
    o=torch.optim.Adam(m.parameters(),lr);m.train();R=[]
    for _ in range(E):
        L=[]
        for x,n,y in D:
            l=nn.functional.cross_entropy(m(x,n),y);o.zero_grad();l.backward();nn.utils.clip_grad_norm_(m.parameters(),c);o.step();L+=[l.item()]*len(y)
        R+=[sum(L)/len(L)]
    return R
